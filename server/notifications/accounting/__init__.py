"""News about accounts: reminders, and what was written in their chats."""
