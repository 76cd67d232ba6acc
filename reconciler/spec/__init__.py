"""The language in which kinds are declared, and its one interpreter.

codec.py         what a value looks like to people, to us and to the server
codecs.py        the codecs by name: Text, Flag, Size, RateLimit, Domain, MailAddress, ...
mark.py          what a field is: its wire names, versions, default, owner, how it is written
kind.py          a kind: a record, its marks, its routes and its oddities; checks itself when loaded
capabilities.py  what a server's version can do
decode.py        a row of the server's answer -> an observed resource
encode.py        a change -> the steps that bring it about
"""
