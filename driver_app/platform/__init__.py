"""What differs between a tablet, a desktop and a test: protocols, and one module for each."""
