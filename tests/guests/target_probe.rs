// Compiles only where the standard library of the target is installed.
