"""Products, formats, container classes and their dated deposits, tax rates."""
