"""Applying: operations in, events and a report out. Knows no API: what sends, reads and checks is passed in.

ports.py     what an apply is given: a writer, a way to look again, a check
lanes.py     which operations may run beside each other: pure
effect.py    whether a call took, from what reading again shows: pure
doubts.py    what to make of an answer that settles nothing: pure
progress.py  how the changes stand, and what that blocks: pure
calls.py     calls beside each other, each with its journal entries
apply.py     the walk: phase after phase, doubts resolved, then the report
journal.py   every call's intent and outcome, on disk before and after it; durable.py: its file
lock.py      one apply per checkout at a time
"""
