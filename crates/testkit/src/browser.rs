//! A browser that follows redirects, keeps cookies and fills in forms.
