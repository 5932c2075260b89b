"""Our own websocket protocol as a network: web chats, agent consoles, programs."""
