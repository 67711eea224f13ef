//! An OAuth 2.1 client for the Model Context Protocol: discovery, registration, authorization sessions, refresh, stores.
