"""Rows as papers: each module fills the structs of one family, and looks nothing up by itself."""
