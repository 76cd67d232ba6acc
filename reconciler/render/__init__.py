"""From values to text: plans, reports, events and diagnostics go in, strings come out.

One file a view. Nothing here prints, reads or decides; nothing here knows a kind or the server.
"""
