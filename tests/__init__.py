"""Tests: ``unit`` mirrors the package, ``contract`` holds laws over every map and backend,
``hardware`` needs an emulator; ``support`` has what they share."""
