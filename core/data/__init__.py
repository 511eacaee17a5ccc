"""A Dataset and where one comes from: drawn digits, MNIST, a person's own files, points."""
