"""Files made of the search log, in the forms that other tools read, and logs of other tools read in.

Rows are streamed from a server-side cursor of one snapshot, so a large log needs little memory here and the files of
one export agree with each other. Files appear under their names only when they are complete. Text is UTF-8, lines end
with a line feed, and the order is that of the SQL functions, so equal logs make equal files.
"""
