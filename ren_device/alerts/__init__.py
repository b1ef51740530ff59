"""The kernel for timers, alarms and reminders."""
