"""The nouns of the tool: frozen, pure, without I/O.

Address      which thing: a kind's name and the key people know it by
Resource     a thing's values, declared or live
State        every resource of one side, by address
Change       what a plan wants to do with one resource
Plan         all changes, what was not compared, what was refused
Operation    one call of the server's API, not yet sent
Event        something an apply did; a Report is the fold of its events
Diagnostic   something a person should read: what, where, why, what to do
"""
