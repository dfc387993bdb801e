"""regmapd: a small server that holds a device's registers and gives clients on a unix socket the
pins, registers and fields that its policy names, and nothing else."""
