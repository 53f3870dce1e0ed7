"""What a reader sees and uses; `app.py` serves it. `import page` does not load Gradio."""
