;;; emacs-minuet.el --- Completions by minuet, answers by gptel -*- lexical-binding: t -*-
;; Both packages are in MELPA. The key is asked of the running server.

(defun my-llama-key () (string-trim (shell-command-to-string "llama-assist key")))

(use-package minuet
  :bind ("M-i" . minuet-show-suggestion)
  :config
  (setq minuet-provider 'openai-fim-compatible
        minuet-n-completions 1
        minuet-request-timeout 10)
  (plist-put minuet-openai-fim-compatible-options :end-point "http://127.0.0.1:8888/llama-assist/v1/completions")
  (plist-put minuet-openai-fim-compatible-options :name "llama_assist")
  (plist-put minuet-openai-fim-compatible-options :api-key #'my-llama-key)
  (plist-put minuet-openai-fim-compatible-options :model "qwen2.5-coder-0.5b-instruct")
  (minuet-set-optional-options minuet-openai-fim-compatible-options :max_tokens 64))

(use-package gptel
  :config
  (setq gptel-model 'qwen2.5-coder-0.5b-instruct
        gptel-backend (gptel-make-openai "llama_assist"
                        :protocol "http" :host "127.0.0.1:8888"
                        :endpoint "/llama-assist/v1/chat/completions"
                        :stream t :key #'my-llama-key
                        :models '(qwen2.5-coder-0.5b-instruct))))
;;; emacs-minuet.el ends here
