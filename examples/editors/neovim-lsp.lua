-- Neovim 0.12: ghost text, explanations, fixes and tests by the language server.
-- Needs: python -m pip install 'llama-assist[lsp]'. Put this into init.lua.
-- It asks the Jupyter server or `llama-assist serve` that runs, or starts one that ends with Neovim.

vim.lsp.config('llama_assist', {
  cmd = { 'llama-assist', 'lsp' },
  filetypes = { 'python', 'r', 'julia', 'javascript', 'typescript', 'sql', 'sh', 'cpp', 'markdown' },
  root_markers = { '.git', 'pyproject.toml' },
  init_options = { hover = 'explain' }, -- K is pressed on purpose, so it may ask the model
})
vim.lsp.enable('llama_assist')

vim.api.nvim_create_autocmd('LspAttach', {
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'llama_assist' then
      vim.lsp.inline_completion.enable(true, { bufnr = event.buf })
    end
  end,
})

-- Ctrl-L takes the suggestion; `gra` opens the code actions, `K` explains.
vim.keymap.set('i', '<C-l>', function()
  if not vim.lsp.inline_completion.get() then
    return '<C-l>'
  end
end, { expr = true, desc = 'Take the suggestion' })
