"""The labelled corpus: council and school documents with the right answer to each, made from templates.

`develop/` and `held_back/` hold the templates, a file for each family; nothing is tuned on the second.
"""
