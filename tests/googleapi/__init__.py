"""Google Calendar and Google's OAuth server for tests: that side of the wire, on loopback, with
people in it."""
