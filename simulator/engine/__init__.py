"""What moves state, keeps time and delivers messages. It knows that providers exist, never which."""
