"""How fast this machine is: embedding and searching, measured."""
