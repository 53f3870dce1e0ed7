"""The database behind keys, people, log-ins and chats: SQLite in a file, or a PostgreSQL."""
