"""The language server: editors' requests in, requests to the running server out; edits and messages back."""
