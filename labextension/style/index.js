import './base.css';
import './buttons.css';
import './panel.css';
import './proposal.css';
import './status.css';
