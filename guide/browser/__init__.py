"""Drive a headless browser: screenshots of the site and of the hub, and visual comparison."""
