//! Authorization servers and protected resources that do what a test tells them.
