;; Emacs with lsp-mode: ghost text and code actions by the language server, beside the one of the language.
;; Needs: python -m pip install 'llama-assist[lsp]', and an lsp-mode of 2025 or newer. Put this into init.el.
;; eglot has no ghost text: it gets the suggestions in its completions, with
;;   (add-to-list 'eglot-server-programs '(python-mode . ("llama-assist" "lsp")))

(with-eval-after-load 'lsp-mode
  (setq lsp-inline-completion-enable t)
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection '("llama-assist" "lsp"))
    :activation-fn (lsp-activate-on "python" "r" "julia" "javascript" "typescript" "markdown")
    :add-on? t
    :priority -1
    :server-id 'llama-assist
    :initialization-options '(:candidates 3))))
