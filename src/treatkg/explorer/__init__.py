"""What the pages show: view models over the graph, which a server, a notebook or a test can read alike."""
