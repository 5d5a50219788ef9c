"""Token-exact prompts for each model family: text and context in, `Prompt` out."""
