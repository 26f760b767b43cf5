//! HTTP to authorization servers and for their metadata: bounded in time and size, and never into the private network at
//! the word of a public server.
