"""What a machine is: identity, device nodes, settings, clocks, sensors, activity."""
