"""A server's side of the work: its live state in few requests, operations as calls. Kinds times the API.

wanted.py    what a reading is asked for
schedule.py  which GETs answer that: pure
rows.py      rows -> resources: twins, ambiguous keys, rows that are none: pure
reader.py    a reading: GETs beside each other -> live state
crew.py      the threads that make them
handles.py   what the API calls a resource by, also one that was just created
writer.py    an operation -> a call -> a reply
"""
