"""Planning: two states in, a plan and its operations out. Pure: no clock, no network, no files.

options.py   what a run wants: scopes, selectors, permissions
diff.py      desired and live -> changes
difference.py what comes of comparing them
ownership.py which live resources a run may delete
compare.py   two values of a field -> equal, or how they differ
checks.py    what the live state makes impossible: dangling references, limits, taken addresses
order.py     a step's stage and kind -> its phase
following.py what the server does to others when something is deleted
cascade.py   the deletions that must come first, and what they leave
foresee.py   a difference that knows what its own deletions do
room.py      whether deletions must make room for creations
compile.py   changes -> operations, gathered into as few calls as the server takes
guard.py     what a plan may not do without being told so
digest.py    what stands for a record or a declaration, so that a saved plan can tell whether it moved
"""
