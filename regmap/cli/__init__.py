"""The command line: ``main`` has the tree, each other module one group of commands.

A command is a function that takes the parsed arguments and a ``Console`` and returns the exit
status; a module's ``add`` puts its commands into the tree.
"""
