/** React's switch for test environments, which its own types leave out. */
declare var IS_REACT_ACT_ENVIRONMENT: boolean
