"""`python -m treatkg` is the command line."""

from treatkg.cli import main

if __name__ == "__main__":
    main()
