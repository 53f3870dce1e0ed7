"""The index kept right: built, changed and synchronised, for the page and the command line."""
