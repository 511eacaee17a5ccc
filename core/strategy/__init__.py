"""The broad strategy as something that runs: stages in the lecture's order, decisions, a journal, a report."""
