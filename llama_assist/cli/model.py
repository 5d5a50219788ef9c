from llama_assist.cli_model import add_parser
