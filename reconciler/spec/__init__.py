"""The language in which kinds are declared, and its one interpreter.

What a kind is declared with:

kind.py          a kind: a record, its marks, its routes and its oddities; checks itself when loaded
mark.py          what a field is: its wire names, versions, default, owner, how it is written
language.py      `Annotated`, which puts a type, a codec and a mark together
codec.py         what a value looks like to people, to us and to the server
codecs.py        the codecs by name: texts, flags, words, numbers, lists; those of other values have files of their own
                 (addresses, amounts, mappings, policies, rights, scores, secrets, sender_rights, tags)
step.py          what a kind says must be called, and when

What reads a declaration:

capabilities.py  what a server's version can do
decode.py        a row of the server's answer -> an observed resource; rowform.py, rowrecords.py: rows in compact form
encode.py        a change -> the steps that bring it about
accept_many.py   what codecs do, for whole columns at once: as people write them; decode_many.py: as the server answers
needs.py         what a resource cannot be without
reference.py     kinds as plain values, for people; forms.py: what may be written, in words
refusal.py       what a codec says to a value it does not accept; scope.py: what a value is read relative to

The other files are oddities of the server's: of several kinds, or more than a kind's own file has room for.
"""
