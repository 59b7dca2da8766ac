"""Families that transformers knows and that cannot be read, each with the reason: transformers 5's own names."""

from __future__ import annotations

_MIXTURES = """
afmoe aria_text axk1 axk2 beam cohere2_moe dbrx deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4 dots1
dots3_note_text ernie4_5_moe exaone_moe flex_olmo flint gemma4_text glm4_moe glm4_moe_lite glm_moe_dsa gpt_oss
granitemoe granitemoe_swa granitemoeshared hunyuan_v1_moe hy_v3 hy_v4 jetmoe kolibri1 laguna llama4_text
longcat_flash mellum mimo_v2_flash minimax_m2 minimax_m3_vl_text mixtral olmoe phimoe qwen2_moe qwen3_moe
solar_open zaya
"""

_WITH_ENCODERS = """
bart bigbird_pegasus blenderbot blenderbot-small encoder-decoder fsmt granite_speech granite_speech_plus led
longt5 m2m_100 marian mbart mt5 musicgen musicgen_melody mvp nllb-moe pegasus pegasus_x plbart prophetnet
seamless_m4t seamless_m4t_v2 switch_transformers t5 t5gemma t5gemma2 umt5 vibevoice_asr whisper
"""

_HYBRIDS = """
bailing_hybrid bamba falcon_h1 granitemoehybrid inkling2_text inkling_text jamba kimi_linear lfm2 lfm2_moe
lfm3 minimax nemotron_h olmo_hybrid qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_next qwen4_exp
qwen4_exp_text recurrent_gemma zamba zamba2
"""

_MULTIMODAL = """
aria audioflamingo3 aya_vision blip blip-2 cohere2_vision cohere_compass cosmos3_edge cosmos3_omni
deepseek_ocr2 deepseek_vl deepseek_vl_hybrid diffusion_gemma dots3_note ernie4_5_vl_moe exaone4_5 fast_vlm
florence2 fun_asr_nano gemma4 gemma4_unified git glm46v glm4v glm4v_moe glm5_next glm_ocr glmasr glmga
got_ocr2 granite4_vision granite_docling hunyuan_vl hyperclovax_vision_v2 idefics idefics2 idefics3 inkling2
inkling_mm_model instructblip instructblipvideo internvl janus kimi_k25 kosmos-2 kosmos-2.5 lfm2_vl lfm3_vl
lighton_ocr llama4 llava llava_next llava_next_video llava_onevision minicpm_ocr minicpmv4_6 minicpmv4_7
minimax_m3_vl mistral3 mistral_large4 mllama molmo2 moss_transcribe_diarize muse_glimmer muse_spark
musicflamingo nemo_speechlm nemotron_h_omni ovis2 paddleocr_vl paligemma perception_lm phi4_multimodal pi0
pix2struct pp_chart2table pp_formulanet qianfan_ocr qwen2_5_omni qwen2_5_omni_thinker qwen2_5_vl qwen2_audio
qwen2_vl qwen3_asr qwen3_omni_moe qwen3_omni_moe_thinker qwen3_vl qwen3_vl_moe shieldgemma2 smolvlm step3p7
unlimited_ocr video_llama_3 video_llava vipllava voxtral voxtral_realtime
"""

_REASONS = (
    (
        _MIXTURES,
        "its layers hold several feed-forward networks, of which each token passes only some (mixture of experts)",
    ),
    (_WITH_ENCODERS, "it has an encoder beside its decoder"),
    (_HYBRIDS, "its layers are of several kinds (hybrid)"),
    (
        _MULTIMODAL,
        "it wraps a language model with others for images or sound; save its language model alone, if that can be read",
    ),
    ("falcon_mamba mamba mamba2 rwkv xlstm", "it has no feed-forward network after attention"),
    ("gemma3n gemma3n_text", "it has four residual streams and picks neurons relative to each other"),
    ("bert deberta modernbert roberta", "it reads text in both directions"),
)

REFUSED = {name: reason for names, reason in _REASONS for name in names.split()}
"""By the `model_type` of config.json."""
