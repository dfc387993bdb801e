"""What the project runs on itself: checks, measurements, and tests on emulated machines."""
