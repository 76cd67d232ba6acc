"""The nouns of the tool: frozen, pure, without I/O.

Address      which thing: a kind's name and the key people know it by
Declared     a thing's values as the manifests want them, Observed as the server has them; Secret where one is hidden
State        every resource of one side, by address; many of one kind are a Table, with a few otherwise an Amended one
Focus        what a run is narrowed to; Policy what a repository may change, Waves how careful a run is
Change       what a plan wants to do with one resource
Plan         all changes, what was not compared, what was refused
Operation    one call of the server's API, not yet sent; a Reply is what became of it
Event        something an apply did; a Report is the fold of its events
Diagnostic   something a person should read: what, where, why, what to do
Reference    what a kind is, for people and scripts
"""
