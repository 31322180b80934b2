"""Train the network of stage 3.1 on one machine or many, and export it: python -m cloud.trainer"""

import signal

if __name__ == "__main__":
    # Before the imports, which take a moment: Ctrl-C has no traceback meanwhile.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from cloud.trainer.start import main
    main()
