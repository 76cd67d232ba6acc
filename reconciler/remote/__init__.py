"""A server's side of the work: its live state in few requests, operations as calls. Kinds times the API.

wanted.py    what a reading is asked for
schedule.py  which GETs answer that: pure
reader.py    a reading: GETs beside each other -> live state
visit.py     one reading under way: what is asked for when
crew.py      the threads that make the requests
rows.py      rows -> resources: twins, ambiguous keys, rows that are none: pure
table.py     rows in compact form, of which resources are made when somebody looks at them
joins.py     what further lists say of them: pure
snapshot.py  answers in a file, and answers out of one
handles.py   what the API calls a resource by, also one that was just created
writer.py    an operation -> a call -> a reply
"""
