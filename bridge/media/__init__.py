"""The media room: where files live, who may fetch one, and as what a browser is shown it. It knows no channel and no store."""
