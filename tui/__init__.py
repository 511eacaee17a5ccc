"""The terminal: charts, texts, what screens hold, the lecture, widgets, screens, the app, and the command line."""
