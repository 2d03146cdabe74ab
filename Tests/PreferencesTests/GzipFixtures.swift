import Foundation

/// Gzip files made by zlib (Python's `zlib.compressobj` with window bits −15, and the header and trailer of RFC 1952).
enum GzipFixtures {
  /// Level 0: the text `stored, not compressed` in a stored block.
  static let stored = bytes(
    """
    H4sIAAAAAAAA/wEWAOn/c3RvcmVkLCBub3QgY29tcHJlc3NlZMsyb58WAAAA
    """)

  /// The fixed code (`Z_FIXED`): eight times `abc`, then `!`.
  static let fixed = bytes(
    """
    H4sIAAAAAAAA/0tMSk7EhhQB03rXJhkAAAA=
    """)

  /// Level 9, dynamic codes: 200 lines `line i²: the quick brown fox`.
  static let dynamic = bytes(
    """
    H4sIAAAAAAAA/4WYW25WMQyE31nFv4T4brMcUBEVVSsQCJZPuoB+fj7ycTKxxzN+eX59epzPj9/fnx4//zx//fH48uvt7+vj29u/\
    Ty/v3wS+OXwb+mfCRw34aBTplDPpsE23lIP4KMa6Iw6I0iBMiJMGxjblNXV8AawIxModY5vyhtKZo+i+iVglxhbmLTxz430HsZrk\
    msRHkoMvLILlIVxboliYYlzVzi0R3E/JzZjcyYUsIO3cj8g+ergjhVlPD+VWO3Ry9SPIBoiaJkcX524++eC9jVEzQcwvVSGTGb63\
    OVaLca1ZYaVaY53bYJf4wR5z7lA37G93ZAdP5BYvngBMa3GQE0N4CBhPAUcqD54DURw9mDsPnvxiKqhOELUMxDwLXywb37tO8ABE\
    1MqwUiuwzquwS2qwx5qlWSv2dztrwkRu6UZmGua1ey+MduTUSWTk6bPoWR6iR5d4Pyw+Ek9/xQleXoSxE1HjeOc5LskyQJpVhG6O\
    wFjDaLAE0mIFpbMIsEW/mcci4Fg92rD4dMnFEzF+ty85vpslpCBTSxgSvSxzQqI5Ppf8aXz+XO6fPGKlFvzL+f1qef8arp9e6u/K\
    bI5f6n8O988s/TeLiRju/8uOyB96mH/0FBsJ2ZyEsZUQ5l99BxCtCPO/bnZCef6oCec3X7xQ8f19wc+N8Xee/Ndz8PsH6w4Nrj8N\
    Vj16tSTmT9Zcetsb778oPq3g7VKx3tTLD2woWe1qM//psNbWCeTfO16Rv69lLba0PD/sDMcLu5zb/Xh+U/ZY1zSzsVV2eGbCG0Jj\
    f2nWWD+2uNsrX4bj2VtbGFvzWJx9sv6z3PYKzWuJWrYalbwU6WWn0s4rmeaNzpV/Z1ltfMT//wFBLeYMbhgAAA==
    """)

  /// All optional header fields: extra, name, comment, header checksum; content `header`.
  static let headerFields = bytes(
    """
    H4sIHgAAAAAA/wYAQUICAHh5bi5qc29ubABjAFNdy0hNTEktAgDBqHJuBgAAAA==
    """)

  /// Two members: `first,` and `second`.
  static let twoMembers = bytes(
    """
    H4sIAAAAAAAA/0vLLCou0QEA1zZHFQYAAAAfiwgAAAAAAAD/K05Nzs9LAQBpER+2BgAAAA==
    """)

  /// No content.
  static let empty = bytes(
    """
    H4sIAAAAAAAA/wMAAAAAAAAAAAA=
    """)

  private static func bytes(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }
}
