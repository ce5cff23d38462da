"""Files that no sealed proof holds: kept for as long as an event that names them, and no longer."""
