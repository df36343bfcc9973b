"""What people type: the command line and the REPL.  The only floor that knows terminals."""
