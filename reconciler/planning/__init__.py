"""Planning: two states in, a plan and its operations out. Pure: no clock, no network, no files.

What differs:

options.py    what a run wants: scopes, selectors, permissions
reach.py      how far a narrowed run reaches
sides.py      both sides of a comparison, with what decides it
equality.py   which declared resources surely are as declared, a column at a time
fieldwise.py  one declared resource held against the live one
compare.py    two values of a field -> equal, or how they differ
ownership.py  which live resources a run may delete
renaming.py   what the server renames along with a resource
numbering.py  which of several resources of one name is which
diff.py       desired and live -> changes
difference.py what comes of that
unsent.py     what earlier applies may not have sent, and nothing shows
anew.py       what earlier applies sent to a server that is lost, and nothing shows
foresee.py    a difference that knows what its own deletions do

What may be done:

future.py     what will be there once a plan is carried out
following.py  what the server does to others when something is deleted
cascade.py    the deletions that must come first, and what they leave
room.py       whether there is room for what is planned, and which deletions must make it
checks.py     what the live state makes impossible: dangling references, limits, taken addresses
guard.py      what a plan may not do without being told so; policy.py: what a repository may not do at all

How it is done:

compile.py    changes -> operations
order.py      a step's stage and kind -> its phase
gather.py     operations -> as few calls as the server takes
waves.py      which changes go first
digest.py     what stands for a record or a declaration, so that a saved plan can tell whether it moved
standing.py   how a kept plan stands to the server as it is now
"""
