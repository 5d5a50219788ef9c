" llama.vim (Vim 9.1, Neovim): before the plugin is loaded. The key is asked of the running server.
let s:key = trim(system('llama-assist key'))
let s:url = trim(system('llama-assist key --url'))
let g:llama_config = {
    \ 'endpoint_fim':  s:url .. '/infill',
    \ 'endpoint_inst': s:url .. '/v1/chat/completions',
    \ 'api_key':       s:key,
    \ 'n_predict':     64,
    \ }
" Older versions of the plugin read one address.
let g:llama_config.endpoint = g:llama_config.endpoint_fim
